"""Rules of the code reviewer. Each looks at one function of the ERP's code and yields what is wrong there."""

import ast

from findings import Finding

RATES = {0.05, 0.075, 0.1, 0.15, 1.05, 1.075, 1.1, 1.15}
ROUNDING = {"round", "rounded", "quantize", "percent"}
AGGREGATES = {"sum", "min", "max"}
PARSERS = {"json.load", "json.loads"}


def called(node):
    """Returns the dotted name of what a call calls, such as json.loads, or the last part when it has no plain name."""
    function = node.func
    if isinstance(function, ast.Attribute):
        owner = function.value
        return f"{owner.id}.{function.attr}" if isinstance(owner, ast.Name) else function.attr
    return getattr(function, "id", "")


def of_type(node, *types):
    return [child for child in ast.walk(node) if isinstance(child, types)]


def inside(loop, *types):
    """Returns what stands in a loop's body, not in its head."""
    return [child for part in loop.body for child in of_type(part, *types)]


def float_money(function):
    for call in of_type(function, ast.Call):
        if called(call) == "float":
            yield "CODE-FLOAT", "makes an amount a floating point number; use Decimal"


def fixed_rate(function):
    for operation in of_type(function, ast.BinOp):
        for side in (operation.left, operation.right):
            if isinstance(operation.op, ast.Mult) and isinstance(side, ast.Constant) and side.value in RATES:
                yield "CODE-RATE", f"has the rate {side.value} in the code; rates change by law, read them from a table"


def unrounded(function):
    calls = {called(call).rpartition(".")[2] for call in of_type(function, ast.Call)}
    takes_share = any(isinstance(operation.op, ast.Div) for operation in of_type(function, ast.BinOp))
    if takes_share and of_type(function, ast.Return) and not calls & ROUNDING:
        yield "CODE-ROUND", "returns a quotient that was not rounded to the paisa"


def built_sql(function):
    for call in of_type(function, ast.Call):
        if called(call).endswith("execute") and call.args and isinstance(call.args[0], (ast.JoinedStr, ast.BinOp)):
            yield "CODE-SQL", "builds SQL from values; pass them as parameters"


def swallowed(function):
    for handler in of_type(function, ast.ExceptHandler):
        if all(isinstance(statement, ast.Pass) for statement in handler.body):
            yield "CODE-SWALLOW", "drops an error without a word"


def nested_search(function):
    for outer in of_type(function, ast.For):
        for inner in inside(outer, ast.For):
            if any(isinstance(test.ops[0], ast.Eq) for test in inside(inner, ast.Compare)):
                yield "PERF-NESTED", "joins two lists by comparing all pairs; index one of them"


def linear_search(function):
    for loop in of_type(function, ast.For):
        if inside(loop, ast.Compare) and inside(loop, ast.Return):
            yield "PERF-SCAN", "looks through a list for one row; index it"


def repeated_parsing(function):
    parses = any(called(call) in PARSERS for call in of_type(function, ast.Call))
    # An `if` round it is taken for "only the first time".
    if parses and not of_type(function, ast.If):
        yield "PERF-PARSE", "reads and parses a file on every call; keep what was parsed"


def repeated_opening(function):
    for loop in of_type(function, ast.For):
        if any(called(call) == "open" for call in inside(loop, ast.Call)):
            yield "PERF-OPEN", "opens a file for every row; write the rows at once"


def repeated_aggregate(function):
    for call in of_type(function, ast.Call):
        of = call.args[0] if called(call) in AGGREGATES and call.args else None
        # Over what an object holds, which grows from call to call, or over the beginning of a list, again for each end.
        over_state = isinstance(of, ast.GeneratorExp) and isinstance(of.generators[0].iter, ast.Attribute)
        over_beginning = isinstance(of, ast.Subscript) and isinstance(of.slice, ast.Slice)
        if over_state or over_beginning:
            yield "PERF-AGGREGATE", f"works out {called(call)}() of all that came before, again and again"


RULES = [
    float_money, fixed_rate, unrounded, built_sql, swallowed,
    nested_search, linear_search, repeated_parsing, repeated_opening, repeated_aggregate,
]


def review(source):
    """Returns the findings of a Python source, by function."""
    findings = []
    for function in of_type(ast.parse(source), ast.FunctionDef):
        for rule in RULES:
            # One of a kind is enough for a function.
            for code, message in dict(rule(function)).items():
                findings.append(Finding(code, f"{function.name}", f"line {function.lineno}: {message}"))
    return findings


def replacements(source):
    """Returns slow functions with the faster ones that are marked as `@replaces(slow)`."""
    found = {}
    for function in of_type(ast.parse(source), ast.FunctionDef):
        for mark in function.decorator_list:
            if isinstance(mark, ast.Call) and called(mark) == "replaces":
                found[mark.args[0].id] = function.name
    return found
