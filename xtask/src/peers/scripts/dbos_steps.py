"""Steps that do nothing, in one DBOS workflow on SQLite: dbos_steps.py FOLDER STEPS.

Each step is recorded before the next one begins. Prints the seconds of the run alone, by the clock
and of the processor.
"""

import os
import sys
import time
from pathlib import Path

from dbos import DBOS, DBOSConfig

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
database = f"sqlite:///{folder / 'dbos.db'}"
config: DBOSConfig = {"name": "steps", "system_database_url": database, "log_level": "ERROR", "run_admin_server": False}
DBOS(config=config)


@DBOS.step()
def step(number: int) -> int:
    return number + 1


@DBOS.workflow()
def workflow() -> int:
    done = 0
    for _ in range(steps):
        done = step(done)
    return done


DBOS.launch()
begun, spent = time.perf_counter(), time.process_time()
done = workflow()
took, spent = time.perf_counter() - begun, time.process_time() - spent
assert done == steps, done
print(took, spent, flush=True)
# Its threads are not waited for: on a busy machine they end late or never.
os._exit(0)
