import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {test} from 'node:test';
import {userDataFor} from '../../../source/executors/docker-autoscaler/template-data.ts';

const text = userDataFor('ubuntu');

test('a worker’s user data is a script that a shell can read, and short enough for EC2', () => {
	execFileSync('sh', ['-n'], {input: text});
	assert.ok(text.startsWith('#!/bin/sh\n'));
	assert.ok(Buffer.byteLength(text) < 16_384);
});

test('Docker’s socket is the login user’s before Docker is installed or started, since the runner waits in a session that may be older', () => {
	const at = (words: string): number => {
		const found = text.indexOf(words);
		assert.ok(found >= 0, words);
		return found;
	};
	assert.match(text, /SocketGroup=%s\\n' "\$\(id -gn ubuntu\)" >\/etc\/systemd\/system\/docker\.socket\.d\//);
	assert.ok(at('docker.socket.d/gitlab-runner-aws.conf') < at('systemctl daemon-reload'));
	for (const later of ['apt_install docker.io', 'dnf install -y docker', 'systemctl enable --now --no-block docker'])
		assert.ok(at('systemctl daemon-reload') < at(later), later);
});
