import * as ec2InstanceConnect from '@aws-sdk/client-ec2-instance-connect';
import type {ClientSettings, OpenClient} from '../calls.ts';

/** Opens EC2 Instance Connect's client; only the commands that are used here come into the bundle with it. */
export function openEc2InstanceConnect(settings: ClientSettings): OpenClient {
	const client = new ec2InstanceConnect.EC2InstanceConnectClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			SendSSHPublicKey: (input, options) => client.send(new ec2InstanceConnect.SendSSHPublicKeyCommand(input), options),
		},
	};
}
