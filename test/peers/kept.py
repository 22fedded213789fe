"""What moto works out anew at each call, or each moto at its first ones, though it never changes: it is kept. Without that moto works a third longer."""

import functools
import hashlib

import jinja2
import moto.backends as backends
import moto.core.responses as responses


def environment(self, stock=responses.BaseResponse.environment.fget):
    found = stock(self)
    found.bytecode_cache = found.bytecode_cache or templates
    return found


#: In this user's own folder among the temporary files, for all motos.
templates = jinja2.FileSystemBytecodeCache()


def keep():
    names = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: names
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    # A template is found again by what it says, not by where it is in this process's memory.
    identity = functools.cache(lambda source: hashlib.sha256(source.encode()).hexdigest())
    owner = next(each for each in responses.BaseResponse.__mro__ if "environment" in vars(each))
    owner._make_template_id = staticmethod(identity)
    owner.environment = property(environment)
