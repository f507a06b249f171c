"""What every agent hands over: words for a person on stdout, and a result for segno in the file $SEGNO_RESULT."""

import json
import os
from pathlib import Path
from typing import NamedTuple


class Reply(NamedTuple):
    """The result of one agent call. `output` is what later steps can use."""

    summary: str
    output: dict
    details: list = ()  # lines below the summary
    score: float = 1.0  # 0..1: how much of what was looked at is as it should be
    status: str = "succeeded"  # the agent's own work; what it found is output
    metrics: dict = {}

    def hand_over(self, as_json=False):
        """Tells the person, or the program, that reads stdout; and segno, when it is there."""
        if as_json:
            print(json.dumps(self.output, ensure_ascii=False, sort_keys=True))
        else:
            print("\n".join([self.summary, *(f"  {line}" for line in self.details)]))
        if "SEGNO_RESULT" in os.environ:
            result = {
                "status": self.status,
                "summary": self.summary,
                "output": self.output,
                "score": round(self.score, 4),
                "metrics": self.metrics,
            }
            Path(os.environ["SEGNO_RESULT"]).write_text(json.dumps(result), encoding="utf-8")
