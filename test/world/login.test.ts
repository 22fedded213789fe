import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type AwsFiles, loginCommand} from '../../source/world/cloud/aws-files.ts';

const files: AwsFiles = {
	services: {},
	profiles: {
		default: {sso_session: 'acme', sso_account_id: '1'},
		old: {sso_start_url: 'https://acme.awsapps.com/start'},
		console: {login_session: 'arn:aws:iam::1:user/alice'},
		role: {role_arn: 'arn:aws:iam::1:role/r', source_profile: 'between'},
		between: {role_arn: 'arn:aws:iam::1:role/s', source_profile: 'console'},
		keys: {aws_access_key_id: 'AKIA', aws_secret_access_key: 's'},
		ring: {source_profile: 'ring'},
	},
};
const command = (profile?: string, env = {}) => loginCommand(profile, files, env)?.join(' ');

test('a session is renewed by the command of its kind, for the profile that has it', () => {
	assert.equal(command(), 'aws sso login');
	assert.equal(command('old'), 'aws sso login --profile old');
	assert.equal(command('console'), 'aws login --profile console');
	assert.equal(command(undefined, {AWS_PROFILE: 'console'}), 'aws login --profile console');
	assert.equal(command('role'), 'aws login --profile console');
});

test('where no command renews the credentials, none is named', () => {
	for (const profile of ['keys', 'ring', 'nobody']) assert.equal(command(profile), undefined, profile);
	assert.equal(command(undefined, {AWS_ACCESS_KEY_ID: 'ASIA'}), undefined);
	assert.equal(command('old', {AWS_ACCESS_KEY_ID: 'ASIA'}), 'aws sso login --profile old');
});
