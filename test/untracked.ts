import hooks from 'node:async_hooks';

// Node's test runner follows every promise and timer, so as to know which test an uncaught error belongs to. In worlds that make millions of them this takes
// a fifth of the time. Nothing is followed here: an uncaught error fails the file in which it happens, with its message, instead of one of its tests.

const nothing: hooks.AsyncHook = {enable: () => nothing, disable: () => nothing};
hooks.createHook = () => nothing;
