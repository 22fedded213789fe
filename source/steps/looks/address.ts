import type {Look} from '../../engine/step.ts';

/** The IPv4 address from which AWS sees this machine; asked only where an answer needs it. */
export const addressLook: Look<string | undefined> = {name: 'address', load: ({address, signal}) => address.mine(signal)};
