"""How templates call functions and macros."""

from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from jinja2.runtime import Context, Macro

_FUNCTIONS = frozenset({BuiltinFunctionType, FunctionType, MethodType})


class Calling(Context):
    """A context that calls them at once: jinja2 asks everything that is called what it is, and then what it wants to be
    given, which takes longer than most of them do.
    """

    def call(self, called: Any, /, *given: Any, _loop_vars: Any = None, _block_vars: Any = None, **named: Any) -> Any:
        """What it gives; whatever is neither, or asks for a context, is called as jinja2 does."""
        if type(called) is Macro:
            return called(self.eval_ctx, *given, **named)
        if type(called) in _FUNCTIONS and not hasattr(called, "jinja_pass_arg"):
            return called(*given, **named)
        return super().call(called, *given, _loop_vars=_loop_vars, _block_vars=_block_vars, **named)
