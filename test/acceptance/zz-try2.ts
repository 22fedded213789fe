import {startWorld} from '../peers/world.ts';
import {accountAt} from './account.ts';
import {likeNames} from './decoys.ts';
import {AuthorizeSecurityGroupIngressCommand, DescribeSecurityGroupRulesCommand} from '@aws-sdk/client-ec2';
const w = await startWorld({manager: false});
try {
	const a = accountAt(w);
	await likeNames(a);
	const GroupId = (await a.groups()).find((g) => g.GroupName === 'gitlab-runners')?.GroupId;
	await a.ec2.send(new AuthorizeSecurityGroupIngressCommand({GroupId, IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '1.2.3.4/32', Description: 'x'}]}]}));
	console.log(JSON.stringify((await a.ec2.send(new DescribeSecurityGroupRulesCommand({}))).SecurityGroupRules?.filter((r) => r.GroupId === GroupId)));
	await a.closePort('gitlab-runners', 22);
} finally { await w.stop(); }
