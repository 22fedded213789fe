import {awsConfigPath} from '../manager-paths.ts';

/**
 * Python for asking AWS from a manager, where neither an SDK nor the AWS CLI is: `aws(service, action, **parameters)` gives the answer as XML without
 * namespaces, and throws `Refused` with AWS's code. Region and `endpoint_url` are those of the config file that the plugin reads; credentials are root's
 * file, else those of the instance's role. Signature Version 4 as AWS documents it ("Signing AWS API requests"). Comes after the prelude; reads `given`
 * for nothing.
 */
export const awsText = `
import configparser, datetime, hmac, http.client, urllib.error, urllib.parse, urllib.request, xml.etree.ElementTree
class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
def ini_at(path):
    ini = configparser.RawConfigParser()
    try:
        ini.read_string(read(path) or '')
    except configparser.Error as error:
        raise Refused('config-broken', '%s: %s' % (path, error))
    return dict(ini.items('default')) if ini.has_section('default') else {}
aws_versions = {'autoscaling': '2011-01-01', 'ec2': '2016-11-15'}
aws_kept = {}
def aws_role():
    # Credentials of the instance's role; never through a proxy.
    base = os.environ.get('AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://169.254.169.254').rstrip('/')
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    def ask(path, method, headers):
        with opener.open(urllib.request.Request(base + path, method=method, headers=headers), timeout=5) as reply:
            return reply.read().decode()
    try:
        token = {'X-aws-ec2-metadata-token': ask('/latest/api/token', 'PUT', {'X-aws-ec2-metadata-token-ttl-seconds': '300'})}
        folder = '/latest/meta-data/iam/security-credentials/'
        told = json.loads(ask(folder + ask(folder, 'GET', token).split()[0], 'GET', token))
        return told['AccessKeyId'], told['SecretAccessKey'], told['Token']
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
        raise Refused('no-credentials', "the instance's role gives no credentials: %s" % error)
def aws_credentials():
    # A role's end after some hours, and no script here lasts so long.
    if 'credentials' not in aws_kept:
        kept = ini_at('/root/.aws/credentials')
        own = (kept.get('aws_access_key_id'), kept.get('aws_secret_access_key'), kept.get('aws_session_token'))
        aws_kept['credentials'] = own if own[0] and own[1] else aws_role()
    return aws_kept['credentials']
def aws_signed(service, region, url, body):
    key_id, secret, token = aws_credentials()
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime('%Y%m%dT%H%M%SZ'), now.strftime('%Y%m%d')
    host = urllib.parse.urlsplit(url).netloc
    headers = {'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'host': host, 'x-amz-date': stamp}
    if token:
        headers['x-amz-security-token'] = token
    names = ';'.join(sorted(headers))
    lines = ''.join('%s:%s\\n' % (name, headers[name]) for name in sorted(headers))
    canonical = '\\n'.join(('POST', urllib.parse.urlsplit(url).path or '/', '', lines, names, hashlib.sha256(body).hexdigest()))
    scope = '%s/%s/%s/aws4_request' % (day, region, service)
    key = ('AWS4' + secret).encode()
    for part in scope.split('/'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = '\\n'.join(('AWS4-HMAC-SHA256', stamp, scope, digest(canonical)))
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers['authorization'] = 'AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s' % (key_id, scope, names, signature)
    return headers
def bare_xml(text):
    root = xml.etree.ElementTree.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rsplit('}', 1)[-1]
    return root
def refusal(error):
    text = error.read()
    try:
        root = bare_xml(text)
        return Refused(root.findtext('.//Code') or 'refused', root.findtext('.//Message') or str(error))
    except xml.etree.ElementTree.ParseError:
        return Refused('no-answer', '%s: %s' % (error, text[:200].decode('utf-8', 'replace')))
def aws_once(service, region, body):
    settings = ini_at('${awsConfigPath}')
    domain = 'amazonaws.com.cn' if region.startswith('cn-') else 'amazonaws.com'
    url = os.environ.get('AWS_ENDPOINT_URL') or settings.get('endpoint_url') or 'https://%s.%s.%s' % (service, region, domain)
    url = url.rstrip('/') + '/'
    asked = urllib.request.Request(url, data=body, method='POST', headers=aws_signed(service, region, url, body))
    try:
        with urllib.request.urlopen(asked, timeout=30) as reply:
            return bare_xml(reply.read())
    except urllib.error.HTTPError as error:
        raise refusal(error)
    except (OSError, http.client.HTTPException, xml.etree.ElementTree.ParseError) as error:
        raise Refused('no-answer', '%s: %s' % (url, error))
def aws(service, action, **parameters):
    region = ini_at('${awsConfigPath}').get('region') or given.get('region') or ''
    body = urllib.parse.urlencode(dict(parameters, Action=action, Version=aws_versions[service])).encode()
    for turn in (1, 2, 3, 4):
        try:
            return aws_once(service, region, body)
        except Refused as error:
            # Throttled, in trouble, or another change of the group isn't over: soon again.
            if turn == 4 or not re.search('no-answer|Throttl|RequestLimitExceeded|InternalFailure|InternalError|ServiceUnavailable|Unavailable|ResourceContention|ScalingActivityInProgress', error.code):
                raise
            time.sleep(turn)
`;
