import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {type CloudRequest, cloudProblem, type RawAwsError} from '../../source/world/cloud/errors.ts';
import {actionsOf, type OperationName, serviceOf} from '../../source/world/cloud/port.ts';

const asking: CloudRequest = {operation: 'RunInstances', region: 'us-east-2', profile: 'acme-dev', who: 'arn:aws:iam::123456789012:user/alice'};
const loggedIn = {login: ['aws', 'sso', 'login', '--profile', 'acme-dev']};
const problem = (raw: Partial<RawAwsError> & {name: string}, more: Partial<CloudRequest> = {}) =>
	cloudProblem({message: '', status: 400, ...raw}, {...asking, ...more});

suite("codes that steps act on stay AWS's own", () => {
	const raw: [OperationName, string, string][] = [
		['RunInstances', 'DryRunOperation', 'DryRunOperation'],
		['RunInstances', 'Client.InvalidInstanceID.NotFound', 'InvalidInstanceID.NotFound'],
		['RunInstances', 'Server.InsufficientInstanceCapacity', 'InsufficientInstanceCapacity'],
		['RunInstances', 'IdempotentParameterMismatch', 'IdempotentParameterMismatch'],
		['RunInstances', 'InvalidParameterValue', 'InvalidParameterValue'],
		['RunInstances', 'VcpuLimitExceeded', 'VcpuLimitExceeded'],
		['CreateSecurityGroup', 'InvalidGroup.Duplicate', 'InvalidGroup.Duplicate'],
		['DeleteSecurityGroup', 'DependencyViolation', 'DependencyViolation'],
		['AuthorizeSecurityGroupIngress', 'InvalidPermission.Duplicate', 'InvalidPermission.Duplicate'],
		['GetRole', 'NoSuchEntityException', 'NoSuchEntity'],
		['CreateRole', 'EntityAlreadyExistsException', 'EntityAlreadyExists'],
		['DeleteRole', 'DeleteConflictException', 'DeleteConflict'],
		['GetParameter', 'ParameterNotFound', 'ParameterNotFound'],
		['PutParameter', 'ParameterAlreadyExists', 'ParameterAlreadyExists'],
		['GetServiceQuota', 'NoSuchResourceException', 'NoSuchResource'],
		['CreateBucket', 'BucketAlreadyExists', 'BucketAlreadyExists'],
		['CreateBucket', 'IllegalLocationConstraintException', 'IllegalLocationConstraintException'],
		['GetBucketTagging', 'NoSuchTagSet', 'NoSuchTagSet'],
		['CreateAutoScalingGroup', 'AlreadyExistsFault', 'AlreadyExists'],
		['DeleteAutoScalingGroup', 'ResourceInUseFault', 'ResourceInUse'],
		['SetDesiredCapacity', 'ValidationError', 'ValidationError'],
		['CreateLaunchTemplate', 'InvalidLaunchTemplateName.AlreadyExistsException', 'InvalidLaunchTemplateName.AlreadyExistsException'],
	];
	for (const [operation, name, code] of raw) {
		test(`${operation} ${name}`, () => {
			const {code: seen, again, message} = problem({name, status: 400, message: 'AWS says so.', requestId: 'req-1'}, {operation});
			assert.deepEqual([seen, again], [code, false]);
			assert.ok(!message.includes('req-1'), message);
		});
	}
});

test('a refused action is named with who may not and why, whatever the service calls the refusal', () => {
	const message =
		'You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/Admin/bob is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-2:1:instance/* with an explicit deny in a service control policy. Encoded authorization failure message: AbC';
	const told = problem({name: 'UnauthorizedOperation', status: 403, message});
	assert.equal(told.code, 'not-allowed');
	assert.match(told.message, /^Admin\/bob may not do `ec2:RunInstances` in us-east-2/);
	assert.match(told.message, /\(UnauthorizedOperation\)\.$/);
	assert.ok(!told.message.includes('AbC'));
	assert.match(
		problem({name: 'AccessDenied', status: 403, message: 'Access Denied'}, {operation: 'PutBucketLifecycleConfiguration'}).message,
		/^alice may not do `s3:PutLifecycleConfiguration`/,
	);
	assert.match(problem({name: 'AccessDeniedException', status: 400, message: 'no'}, {operation: 'GetServiceQuota'}).message, /`servicequotas:GetServiceQuota`/);
	const template = {name: 'AccessDenied', status: 403, message: 'You are not authorized to use launch template: lt-1'};
	assert.match(
		problem(template, {operation: 'CreateAutoScalingGroup'}).message,
		/^alice may not do `ec2:RunInstances` in us-east-2: AWS refuses it, because `ec2:RunInstances`, `ec2:CreateTags` and `iam:PassRole` are needed/,
	);
});

test('an expired session says how to log in again, for its profile', () => {
	for (const name of ['ExpiredToken', 'RequestExpired']) {
		const told = problem({name, status: 403, message: 'The security token included in the request is expired'}, loggedIn);
		assert.equal(told.code, 'session-expired');
		assert.match(told.advice ?? '', /`aws sso login --profile acme-dev`/);
	}
	assert.equal(problem({name: 'ExpiredTokenException'}, {operation: 'GetRole'}).code, 'session-expired');
	const sso = {
		name: 'CredentialsProviderError',
		message: 'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
		status: undefined,
	};
	assert.equal(problem(sso).code, 'session-expired');
	for (const message of [
		'UnauthorizedException: Session token not found or invalid',
		'Failed to load a token for session arn:aws:iam::1:user/a, please re-authenticate using aws login',
		'Token is expired. To refresh this SSO session run aws sso login with the corresponding profile.',
	])
		assert.equal(problem({name: 'CredentialsProviderError', message, status: undefined}).code, 'session-expired', message);
	assert.match(problem({name: 'ExpiredToken', status: 403}).advice ?? '', /^Renew them as they were made, then run the same command again\.$/);
});

test('no credentials and wrong credentials are two things', () => {
	assert.equal(problem({name: 'CredentialsProviderError', message: 'Could not load credentials from any providers', status: undefined}).code, 'no-credentials');
	for (const name of ['InvalidClientTokenId', 'AuthFailure', 'SignatureDoesNotMatch', 'UnrecognizedClientException']) {
		assert.equal(problem({name, status: 403}, {operation: 'GetParameter'}).code, 'wrong-credentials', name);
	}
	const mfa = problem(
		{name: 'AccessDenied', status: 403, message: 'MultiFactorAuthentication failed with invalid MFA one time pass code.'},
		{operation: 'GetCallerIdentity'},
	);
	assert.deepEqual([mfa.code, /MFA/.test(mfa.message)], ['wrong-credentials', true]);
	assert.equal(problem({name: 'AuthFailure', status: 401, message: 'Not authorized for images: [ami-1]'}).code, 'AuthFailure');
});

test('a region whose name nobody knows is named, and is not tried again', () => {
	const told = problem({name: 'ENOTFOUND', status: undefined, message: 'getaddrinfo ENOTFOUND ec2.us-moon-1.amazonaws.com'}, {region: 'us-moon-1'});
	assert.deepEqual([told.code, told.again], ['no-answer', false]);
	assert.match(told.message, /no region us-moon-1/);
});

test('a broken connection, throttling and trouble at AWS are worth another try; lack of capacity is not', () => {
	const tries: [string, number | undefined, boolean][] = [
		['ECONNRESET', undefined, true],
		['ETIMEDOUT', undefined, true],
		['ECONNREFUSED', undefined, true],
		['SELF_SIGNED_CERT_IN_CHAIN', undefined, false],
		['RequestLimitExceeded', 503, true],
		['SlowDown', 503, true],
		['InternalError', 500, true],
		['SomethingNew', 503, true],
		['InsufficientInstanceCapacity', 500, false],
		['SomethingNew', 400, false],
	];
	for (const [name, status, again] of tries) assert.equal(problem({name, status}).again, again, `${name} ${status}`);
	assert.equal(problem({name: 'ThrottlingException'}, {operation: 'GetParameter'}).again, true);
	assert.equal(problem({name: 'TooManyRequestsException', status: 429}, {operation: 'GetServiceQuota'}).again, true);
});

test("AWS's figures come into our words", () => {
	const capacity = (message: string) => problem({name: 'InsufficientInstanceCapacity', status: 500, message}).message;
	assert.match(
		capacity('We currently do not have sufficient c5.large capacity in the Availability Zone you requested (us-east-2a).'),
		/no c5\.large free in zone us-east-2a now/,
	);
	assert.match(capacity('There is no Spot capacity available that matches your request.'), /no machine of this type free in the subnet's zone now/);
	assert.match(
		problem({
			name: 'SpotMaxPriceTooLow',
			message: 'Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.0345.',
		}).message,
		/0\.0345 USD/,
	);
	assert.match(
		problem({name: 'VcpuLimitExceeded', message: 'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket'})
			.message,
		/32 vCPUs/,
	);
	const images: [string, string, RegExp][] = [
		[
			'InvalidSnapshot.InUse',
			'The snapshot snap-0123456789abcdef0 is currently in use by ami-0123456789abcdef0',
			/snap-0123456789abcdef0 is in use by image ami-0/,
		],
		['InvalidAMIName.Duplicate', 'AMI name ci-workers 1 is already in use by AMI ami-0123456789abcdef0', /ami-0123456789abcdef0, has the name ci-workers 1/],
		['InvalidAMIID.Unavailable', "AMI 'ami-0123456789abcdef0' is pending, and cannot be run", /ami-0123456789abcdef0 is still being made/],
		['InvalidAMIID.Unavailable', "The image id '[ami-0123456789abcdef0]' is no longer available", /ami-0123456789abcdef0 is no longer offered/],
	];
	for (const [name, message, says] of images) assert.match(problem({name, message}).message, says);
	const unsupported =
		'Your requested instance type (c7g.large) is not supported in your requested Availability Zone (us-east-2c). Please retry your request by not specifying an Availability Zone or choosing us-east-2a, us-east-2b.';
	const told = problem({name: 'Unsupported', message: unsupported});
	assert.match(told.message, /c7g\.large isn't offered in zone us-east-2c \(Unsupported\)\.$/);
	assert.match(told.advice ?? '', /us-east-2a, us-east-2b/);
});

test("an error that nobody knows keeps AWS's words and its request id", () => {
	const told = problem({name: 'BrandNewTrouble', message: 'Something about moons.', requestId: 'req-42'});
	assert.equal(told.code, 'BrandNewTrouble');
	assert.match(told.message, /Something about moons \(BrandNewTrouble, request req-42\)\.$/);
	assert.equal(told.fault, 'outside');
});

test('HEAD has no body, so its status is the code', () => {
	const head = (status: number) => problem({name: 'Unknown', message: 'UnknownError', status}, {operation: 'HeadBucket'}).code;
	assert.deepEqual([301, 403, 404].map(head), ['PermanentRedirect', 'not-allowed', 'NotFound']);
});

test('a call that was never sent is a bug of this program', () => {
	assert.equal(problem({name: 'Error', message: 'No value provided for input HTTP label: Bucket.', status: undefined}, {operation: 'HeadBucket'}).fault, 'bug');
});

test("every operation has an action, and S3's are named as IAM names them", () => {
	for (const operation of Object.keys(serviceOf) as OperationName[]) assert.match(actionsOf(operation)[0] ?? '', /^[a-z0-9-]+:[A-Z]\w+$/);
	assert.deepEqual(actionsOf('DeleteObjects'), ['s3:DeleteObject', 's3:DeleteObjectVersion']);
	assert.deepEqual(actionsOf('GetServiceQuota'), ['servicequotas:GetServiceQuota']);
	assert.deepEqual(actionsOf('SendSSHPublicKey'), ['ec2-instance-connect:SendSSHPublicKey']);
});
