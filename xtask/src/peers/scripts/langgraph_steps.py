"""Steps that do nothing, in one LangGraph workflow with SqliteSaver: langgraph_steps.py FOLDER STEPS.

Each step is on disk before the next one begins (durability "sync"). A node that goes back to itself is LangGraph's
cheapest form of many steps. Prints the seconds of the run alone, by the clock and of the processor.
"""

import sys
import time
from pathlib import Path
from typing import TypedDict

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    done: int


folder, steps = Path(sys.argv[1]), int(sys.argv[2])
graph = StateGraph(State)
graph.add_node("step", lambda state: {"done": state["done"] + 1})
graph.add_edge(START, "step")
graph.add_conditional_edges("step", lambda state: "step" if state["done"] < steps else END)
with SqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
    workflow = graph.compile(checkpointer=saver)
    config = {"configurable": {"thread_id": "run"}, "recursion_limit": steps + 1}
    begun, spent = time.perf_counter(), time.process_time()
    ended = workflow.invoke({"done": 0}, config, durability="sync")
    took, spent = time.perf_counter() - begun, time.process_time() - spent
assert ended["done"] == steps, ended
print(took, spent)
