/**
 * Options of docker-machine, whose drivers have their own, that have a secret as value. The instance metadata service has tokens of its own, which aren't
 * meant.
 */
export const secretOptions = '^(?!amazonec2-metadata-token)(?:engine-env|.*(?:secret|password|token|api-?key|access-key|private-key|credential).*)$';

const words = new RegExp(secretOptions, 'i');

/** Whether the value of one of docker-machine's options is a secret. */
export const isSecretOption = (option: string): boolean => words.test(option);
