import importlib.util
import sys


def later(name):
    """A module that is read when it is first used: most commands need few of them, and reading them all takes longer than what the command does."""
    if name in sys.modules:
        return sys.modules[name]
    specification = importlib.util.find_spec(name)
    specification.loader = importlib.util.LazyLoader(specification.loader)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module
