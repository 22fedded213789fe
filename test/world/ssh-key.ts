import ssh2 from 'ssh2';
import type {SshKey} from '../../source/world/host/port.ts';
import {sshKeyBy} from '../../source/world/host/ssh-key.ts';

/** A key pair as this program makes them. */
export const makeSshKey = (comment: string): SshKey => sshKeyBy(ssh2.utils, 'ed25519', comment);
