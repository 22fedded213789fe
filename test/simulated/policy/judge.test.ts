import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type ConditionKeys, judge} from '../../../source/simulated/cloud/policy/judge.ts';
import type {Statement} from '../../../source/world/cloud/policy.ts';

const allow = (over: Partial<Statement> = {}): Statement => ({Effect: 'Allow', Action: 'ec2:StopInstances', Resource: '*', ...over});
const own = 'arn:aws:ec2:us-east-2:123456789012:instance/i-1';

/** What statements say of stopping an instance, with these condition keys in the request. */
const says = (statements: Statement[], keys: ConditionKeys = {}, resource = own, action = 'ec2:StopInstances') =>
	judge([{Version: '2012-10-17', Statement: statements}], {action, resource, keys});

/** Whether one operator with one key holds. */
const holds = (operator: string, key: string, wanted: string | string[], keys: ConditionKeys) =>
	says([allow({Condition: {[operator]: {[key]: wanted}}})], keys) === 'allowed';

test('what no statement allows is not allowed, and a denial beats every allowance', () => {
	assert.equal(says([]), 'not allowed');
	assert.equal(says([allow()]), 'allowed');
	assert.equal(says([allow(), allow({Effect: 'Deny', Action: 'ec2:Stop*'})]), 'denied');
	assert.equal(judge([], {action: 'ec2:StopInstances', resource: own, keys: {}}), 'not allowed');
});

test('all policies of an identity count together', () => {
	const policy = (statement: Statement) => ({Version: '2012-10-17' as const, Statement: [statement]});
	const question = {action: 'ec2:StopInstances', resource: own, keys: {}};
	assert.equal(judge([policy(allow({Action: 's3:*'})), policy(allow())], question), 'allowed');
	assert.equal(judge([policy(allow()), policy(allow({Effect: 'Deny'}))], question), 'denied');
});

test('actions are the same in any case and take wildcards', () => {
	assert.equal(says([allow({Action: 'EC2:stopinstances'})]), 'allowed');
	assert.equal(says([allow({Action: ['s3:*', 'ec2:St?pInst*']})]), 'allowed');
	assert.equal(says([allow({Action: 'ec2:Stop'})]), 'not allowed');
	assert.equal(says([allow({Action: '*'})]), 'allowed');
});

test('resources are told apart by case, and a wildcard goes over slashes and colons', () => {
	assert.equal(says([allow({Resource: 'arn:aws:ec2:us-east-2:123456789012:instance/*'})]), 'allowed');
	assert.equal(says([allow({Resource: 'arn:aws:ec2:*'})]), 'allowed');
	assert.equal(says([allow({Resource: 'arn:aws:ec2:us-east-2:123456789012:INSTANCE/*'})]), 'not allowed');
	assert.equal(says([allow({Resource: ['arn:aws:ec2:eu-west-1:123456789012:instance/*', `${own}?`]})]), 'not allowed');
});

test('a dot or bracket in a pattern stands for itself', () => {
	assert.equal(holds('StringLike', 'ec2:InstanceType', 'c5.*', {'ec2:InstanceType': 'c5xlarge'}), false);
	assert.equal(holds('StringLike', 's3:prefix', 'a(b)/*', {'s3:prefix': 'a(b)/c'}), true);
});

test('StringEquals with a missing key is false, with IfExists true', () => {
	assert.equal(holds('StringEquals', 'ec2:InstanceType', 'c5.large', {}), false);
	assert.equal(holds('StringEqualsIfExists', 'ec2:InstanceType', 'c5.large', {}), true);
	assert.equal(holds('StringEqualsIfExists', 'ec2:InstanceType', 'c5.large', {'ec2:InstanceType': 'p5.48xlarge'}), false);
	assert.equal(holds('StringEquals', 'ec2:InstanceType', ['c5.large', 'm5.large'], {'ec2:InstanceType': 'm5.large'}), true);
	assert.equal(holds('StringEquals', 'ec2:InstanceType', 'C5.large', {'ec2:InstanceType': 'c5.large'}), false);
});

test('StringEquals takes no wildcards, StringLike does', () => {
	assert.equal(holds('StringEquals', 's3:prefix', 'fleet/*', {'s3:prefix': 'fleet/a'}), false);
	assert.equal(holds('StringLike', 's3:prefix', 'fleet/*', {'s3:prefix': 'fleet/a'}), true);
	assert.equal(holds('StringLikeIfExists', 's3:prefix', 'fleet/*', {}), true);
	assert.equal(holds('StringLikeIfExists', 's3:prefix', 'fleet/*', {'s3:prefix': 'other/'}), false);
});

test('a negated operator is true where the key is missing', () => {
	assert.equal(holds('StringNotEquals', 'aws:RequestedRegion', 'us-east-2', {}), true);
	assert.equal(holds('StringNotEquals', 'aws:RequestedRegion', ['us-east-2', 'eu-west-1'], {'aws:RequestedRegion': 'eu-west-1'}), false);
	assert.equal(holds('StringNotLike', 'aws:RequestedRegion', 'us-*', {'aws:RequestedRegion': 'eu-west-1'}), true);
});

test('Null asks whether a key is missing', () => {
	assert.equal(holds('Null', 'aws:ResourceTag/Name', 'true', {}), true);
	assert.equal(holds('Null', 'aws:ResourceTag/Name', 'true', {'aws:ResourceTag/Name': ''}), true);
	assert.equal(holds('Null', 'aws:ResourceTag/Name', 'true', {'aws:ResourceTag/Name': 'web'}), false);
	assert.equal(holds('Null', 'aws:ResourceTag/Name', 'false', {'aws:ResourceTag/Name': 'web'}), true);
});

test('all operators and all keys of a condition have to hold', () => {
	const both = allow({Condition: {StringEquals: {'ec2:InstanceType': 'c5.large', 'ec2:InstanceMarketType': 'spot'}, Null: {'aws:ResourceTag/Name': 'true'}}});
	assert.equal(says([both], {'ec2:InstanceType': 'c5.large', 'ec2:InstanceMarketType': 'spot'}), 'allowed');
	assert.equal(says([both], {'ec2:InstanceType': 'c5.large'}), 'not allowed');
	assert.equal(says([both], {'ec2:InstanceType': 'c5.large', 'ec2:InstanceMarketType': 'spot', 'aws:ResourceTag/Name': 'web'}), 'not allowed');
});

test('the name of a key is the same in any case, also of the tag in it', () => {
	assert.equal(holds('StringEquals', 'AWS:resourcetag/NAME', 'web', {'aws:ResourceTag/Name': 'web'}), true);
});

test('ForAllValues holds where every value is listed, or none is there; ForAnyValue where one is', () => {
	const listed = ['Name', 'CostCenter'];
	assert.equal(holds('ForAllValues:StringEquals', 'aws:TagKeys', listed, {'aws:TagKeys': ['Name']}), true);
	assert.equal(holds('ForAllValues:StringEquals', 'aws:TagKeys', listed, {'aws:TagKeys': ['Name', 'gitlab-runner-aws:host-key']}), false);
	assert.equal(holds('ForAllValues:StringEquals', 'aws:TagKeys', listed, {}), true);
	assert.equal(holds('ForAnyValue:StringEquals', 'aws:TagKeys', listed, {'aws:TagKeys': ['Name', 'other']}), true);
	assert.equal(holds('ForAnyValue:StringEquals', 'aws:TagKeys', listed, {}), false);
	assert.throws(() => holds('StringEquals', 'aws:TagKeys', listed, {'aws:TagKeys': ['Name']}), /all or any of them/);
});

test('ARNs are held against each other part by part', () => {
	const profile = 'arn:aws:iam::123456789012:instance-profile/ci/workers';
	assert.equal(holds('ArnEquals', 'ec2:InstanceProfile', 'arn:aws:iam::*:instance-profile/ci/*', {'ec2:InstanceProfile': profile}), true);
	assert.equal(holds('ArnEquals', 'ec2:InstanceProfile', 'arn:aws:*:instance-profile/ci/workers', {'ec2:InstanceProfile': profile}), false);
	assert.equal(holds('ArnLike', 'ec2:InstanceProfile', profile, {}), false);
});

test('true and false are compared in any case', () => {
	assert.equal(holds('Bool', 'ec2:Public', 'true', {'ec2:Public': 'True'}), true);
	assert.equal(holds('Bool', 'ec2:Public', 'true', {'ec2:Public': 'false'}), false);
	assert.equal(holds('Bool', 'ec2:Public', 'true', {}), false);
});

test('an operator, a key or a variable that isn’t known is a bug, and thrown', () => {
	assert.throws(() => holds('DateLessThan', 'ec2:InstanceType', 'x', {}), /operator DateLessThan/);
	assert.throws(() => holds('StringEqual', 'ec2:InstanceType', 'x', {}), /operator StringEqual/);
	assert.throws(() => holds('StringEquals', 'ec2:InstaceType', 'x', {}), /key ec2:InstaceType/);
	assert.throws(() => holds('StringEquals', 'aws:ResourceTag/', 'x', {}), /key aws:ResourceTag/);
	assert.throws(() => holds('StringEquals', 'aws:ResourceTag/a', ['$', '{aws:PrincipalTag/a}'].join(''), {}), /variables/);
});
