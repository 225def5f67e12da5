"""Reads the secrets of a release on its host, and starts the service with them.

  host_secrets.py run FOLDER -- COMMAND...   starts the command with the secrets in its environment, once they exist
  host_secrets.py fetch FOLDER [OWNER]       reads missing values
  host_secrets.py refresh FOLDER RUN         reads all again, and keeps the previous values for `restore`
  host_secrets.py restore FOLDER RUN         restores the values that `refresh` of this run has replaced, and keeps them for a repetition
  host_secrets.py forget FOLDER RUN          deletes them
  host_secrets.py restart FOLDER             restarts the service

FOLDER is that of a release; its .release-secrets.json has the references of its secrets. Values are only in the memory of the host, in
<run>/values.json (0600, owned by the service's user): a start that finds all its secrets there makes no calls, so that the service can
restart during an outage of AWS. It is started with `python3 -I`, as the app's folder may have modules with names of Python's own. The only
credentials are those of the instance's role, from the metadata service.

botocore signs, retries and backs off: the library behind the AWS CLI and Ansible's own modules, packaged by every distribution
(python3-botocore, python3-boto3). It is imported only when something is to be read, as that costs 0.3 s.
"""
import contextlib
import errno
import fcntl
import json
import os
import pwd
import random
import re
import subprocess
import sys
import time

AT_ONCE = 10
"""Maximum number of names in GetParameters (AWS)."""
LONGEST_PAUSE = 30
"""Seconds between two attempts of a start that lacks a secret."""


class Unreadable(Exception):
    """Secrets that cannot be read, one line each; never a value."""


def load(folder):
    """Which secrets the release needs: {run, spread, references: {NAME: reference}}; `spread` in seconds for each GetParameters call."""
    with open(os.path.join(folder, '.release-secrets.json')) as file:
        return json.load(file)


def describe(reference):
    source, _, name = reference.partition(':')
    if source == 'ssm':
        return 'Parameter Store %s' % name
    name, _, key = name.partition('#')
    return 'Secrets Manager %s%s' % (name, ', key %s' % key if key else '')


def complain(wanted, problems):
    """`problems` by reference, reported with the secrets' names."""
    lines = ['%s (%s) %s' % (name, describe(ref), problems[ref]) for name, ref in sorted(wanted['references'].items()) if ref in problems]
    raise Unreadable('\n'.join(lines))


# The file in memory.

def read_values(path):
    """{} where there are none. Never through a link: the folder belongs to the service, and root must not read other files for it."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
            values = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        if error.errno == errno.ELOOP:
            return {}
        raise
    return values if isinstance(values, dict) else {}


def held(wanted):
    """The values by reference, when the host has all required ones; else None."""
    values = read_values(values_file(wanted))
    references = set(wanted['references'].values())
    return {one: values[one] for one in references} if references <= set(values) else None


def values_file(wanted, run=None):
    return os.path.join(wanted['run'], 'values.json' if run is None else 'before-%s.json' % run)


def make_folder(wanted, owner=None):
    os.makedirs(wanted['run'], mode=0o700, exist_ok=True)
    if owner and os.geteuid() == 0:
        user = pwd.getpwnam(owner)
        os.chown(wanted['run'], user.pw_uid, user.pw_gid)


@contextlib.contextmanager
def locked(wanted):
    """A start and a refresh may write at the same time. It is the folder that is locked: a file in it could be a link to another."""
    folder = os.open(wanted['run'], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def give(wanted, file):
    """The owner of the folder: the service's user."""
    if os.geteuid() == 0:
        folder = os.stat(wanted['run'])
        os.fchown(file, folder.st_uid, folder.st_gid)


def write(wanted, path, values):
    fresh = path + '.new'
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as file:
        give(wanted, file.fileno())
        json.dump(values, file)
    os.rename(fresh, path)


# The cloud.

class Cloud:
    """Clients with the credentials of the instance's role. Files and variables from an image or a user are ignored."""

    def __init__(self):
        try:
            import botocore.config
            import botocore.credentials
            import botocore.session
            import botocore.utils
        except ImportError:
            raise Unreadable('botocore is not on this host: install the package python3-boto3, best in the base image')
        if not hasattr(botocore.utils, 'InstanceMetadataRegionFetcher'):
            raise Unreadable(
                'botocore %s on this host is too old to read the region of the instance: install a newer python3-boto3 '
                '(Debian 12 has one), best in the base image' % botocore.__version__
            )
        self._botocore = botocore
        config = {}
        if os.environ.get('AWS_EC2_METADATA_SERVICE_ENDPOINT'):
            config['ec2_metadata_service_endpoint'] = os.environ['AWS_EC2_METADATA_SERVICE_ENDPOINT']
        options = {'timeout': 2, 'num_attempts': 3, 'config': config, 'user_agent': 'golden-pipeline-host', 'env': {}}
        fetcher = botocore.utils.InstanceMetadataFetcher(**options)
        try:
            credentials = botocore.credentials.InstanceMetadataProvider(iam_role_fetcher=fetcher).load()
            region = botocore.utils.InstanceMetadataRegionFetcher(**options).retrieve_region()
        except Exception as error:
            raise Unreadable('the metadata service of the instance does not answer: %s' % type(error).__name__)
        if credentials is None or region is None:
            raise Unreadable('this instance has no role to read secrets with: its launch template needs an instance profile')
        self._region = region
        self._frozen = credentials.get_frozen_credentials()

    def client(self, service, variable):
        saved = {name: os.environ.pop(name, None) for name in ('AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE')}
        os.environ['AWS_CONFIG_FILE'] = os.environ['AWS_SHARED_CREDENTIALS_FILE'] = os.devnull
        try:
            return self._botocore.session.Session().create_client(
                service,
                region_name=self._region,
                # Older versions of botocore do not read these themselves.
                endpoint_url=os.environ.get(variable) or os.environ.get('AWS_ENDPOINT_URL'),
                aws_access_key_id=self._frozen.access_key,
                aws_secret_access_key=self._frozen.secret_key,
                aws_session_token=self._frozen.token,
                config=self._botocore.config.Config(
                    retries={'mode': 'standard', 'max_attempts': 4}, connect_timeout=5, read_timeout=10
                ),
            )
        finally:
            for name in ('AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'):
                os.environ.pop(name)
            os.environ.update({name: value for name, value in saved.items() if value is not None})


def ask_cloud(wanted, references):
    """The values of these references. @raises Unreadable naming every secret that is not available"""
    cloud = Cloud()
    values, problems = {}, {}
    parameters = sorted(one for one in references if one.startswith('ssm:'))
    if parameters:
        client = cloud.client('ssm', 'AWS_ENDPOINT_URL_SSM')
        for start in range(0, len(parameters), AT_ONCE):
            read_parameters(client, parameters[start:start + AT_ONCE], values, problems)
    secrets = {}
    for reference in sorted(set(references) - set(parameters)):
        name, _, key = reference.partition(':')[2].partition('#')
        secrets.setdefault(name, []).append((reference, key))
    if secrets:
        # Its quota is some thousand calls a second; Parameter Store has 40 for the whole account.
        client = cloud.client('secretsmanager', 'AWS_ENDPOINT_URL_SECRETS_MANAGER')
        for name, wants in secrets.items():
            read_secret(client, name, wants, values, problems)
    for reference, value in values.items():
        if '\0' in value:
            problems[reference] = 'holds a NUL byte, which no environment variable can'
        elif any('\ud800' <= character <= '\udfff' for character in value):
            problems[reference] = 'holds half of a UTF-16 pair, which is not a character'
    if problems:
        complain(wanted, problems)
    return values


def read_parameters(client, references, values, problems):
    names = {reference.partition(':')[2]: reference for reference in references}
    try:
        answer = client.get_parameters(Names=list(names), WithDecryption=True)
    except Exception as error:
        problems.update({reference: why(error) for reference in references})
        # A parameter without permission is named in AWS's answer; the others were only part of the same request.
        refused = {names[name] for name in names if re.search(r':parameter/%s(?![\w./-])' % re.escape(name.lstrip('/')), message_of(error))}
        if refused and code_of(error) == 'AccessDeniedException':
            others = 'was requested together with %s' % ', '.join(describe(one) for one in sorted(refused))
            problems.update({reference: others for reference in references if reference not in refused})
        return
    for parameter in answer['Parameters']:
        values[names[parameter['Name']]] = parameter['Value']
    for name in answer['InvalidParameters']:
        problems[names[name]] = 'does not exist'


def read_secret(client, name, wants, values, problems):
    try:
        text = client.get_secret_value(SecretId=name).get('SecretString')
    except Exception as error:
        problems.update({reference: why(error) for reference, _ in wants})
        return
    for reference, key in wants:
        if text is None:
            problems[reference] = 'is binary; a text is needed'
        elif not key:
            values[reference] = text
        else:
            try:
                found = json.loads(text)[key]
            except (ValueError, KeyError, TypeError):
                problems[reference] = 'is not a JSON object with this key'
                continue
            if found is None:
                problems[reference] = 'has null for this key'
            else:
                values[reference] = found if isinstance(found, str) else json.dumps(found)


def answer_of(error):
    response = getattr(error, 'response', None)
    return response.get('Error', {}) if isinstance(response, dict) else {}


def code_of(error):
    return answer_of(error).get('Code') or type(error).__name__


def message_of(error):
    return str(answer_of(error).get('Message', ''))


def why(error):
    """A short form of an error: answers of AWS have no value, but their other contents are unknown."""
    code = code_of(error)
    if code in ('ResourceNotFoundException', 'ParameterNotFound'):
        return 'does not exist'
    if code == 'DecryptionFailure' or (code == 'AccessDeniedException' and re.search('kms:|ciphertext', message_of(error))):
        return 'may not be decrypted by the role of this instance: its KMS key or the policy of the role refuses (%s)' % code
    if code == 'AccessDeniedException':
        return 'may not be read by the role of this instance (AccessDeniedException)'
    if code == 'InvalidRequestException':
        return 'cannot be read: it is to be deleted, or has no current version (InvalidRequestException)'
    return 'cannot be read now (%s)' % code


# What is to be done.

def fetch(folder, owner=None):
    """Reads missing values, and returns all that the release needs, by reference."""
    wanted = load(folder)
    make_folder(wanted, owner)
    values = held(wanted)
    if values is None:
        known = read_values(values_file(wanted))
        fresh = ask_cloud(wanted, set(wanted['references'].values()) - set(known))
        with locked(wanted):
            write(wanted, values_file(wanted), {**read_values(values_file(wanted)), **fresh})
        values = held(wanted)
    return values


def wait_for(folder):
    """Like `fetch`, repeated until all values exist. A host that has just booted waits first, so that a fleet does not send all requests at once."""
    wanted = load(folder)
    staging = 'PIPELINE_STAGING' in os.environ
    if held(wanted) is None and not staging:
        calls = -(-len({one for one in wanted['references'].values() if one.startswith('ssm:')}) // AT_ONCE)
        time.sleep(random.uniform(0, calls * wanted['spread']))
    pause = 1
    while True:
        try:
            return wanted, fetch(folder)
        except Unreadable as error:
            if staging:
                raise
            seconds = random.uniform(pause / 2, pause)
            print('secrets: the service waits; next attempt in %.0f s\n%s' % (seconds, error), file=sys.stderr, flush=True)
        time.sleep(seconds)
        pause = min(2 * pause, LONGEST_PAUSE)


def run(folder, command):
    wanted, values = wait_for(folder)
    # As UTF-8, whatever the locale of the service is.
    secrets = {name.encode(): values[ref].encode() for name, ref in wanted['references'].items()}
    try:
        os.execvpe(command[0], command, {**os.environb, **secrets})
    except OSError as error:
        sys.exit('secrets: %s cannot be started: %s' % (command[0], error.strerror))


def refresh(folder, run_id):
    """Removes values of other versions, which are read again when such a version starts."""
    wanted = load(folder)
    make_folder(wanted)
    # Locked from the start: a `restore` waits for an active refresh, which cannot overwrite it later.
    with locked(wanted):
        fresh = ask_cloud(wanted, set(wanted['references'].values()))
        if not os.path.lexists(values_file(wanted, run_id)):
            write(wanted, values_file(wanted, run_id), read_values(values_file(wanted)))
        before = read_values(values_file(wanted, run_id))
        write(wanted, values_file(wanted), fresh)
    return {'changed': sorted(name for name, ref in wanted['references'].items() if before.get(ref) != fresh[ref])}


def restore(folder, run_id):
    wanted = load(folder)
    path = values_file(wanted, run_id)
    if not os.path.isdir(wanted['run']):
        return {'restored': False}
    with locked(wanted):
        if not os.path.lexists(path):
            return {'restored': False}
        # They are kept until `forget`, so that a refresh that crashed before the restart can be repeated.
        write(wanted, values_file(wanted), read_values(path))
    return {'restored': True}


def forget(folder, run_id):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(values_file(load(folder), run_id))
    return {}


def restart(folder):
    """The service in the host's init system; the health check detects one that does not start."""
    wanted = load(folder)
    words = ['sv', '-w', str(wanted['stop_timeout']), 'force-restart', '/etc/service/' + wanted['service']]
    if wanted['init'] == 'systemd':
        words = ['systemctl', 'restart', wanted['service'] + '.service']
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode != 0:
        raise Unreadable('%s: %s' % (' '.join(words), done.stdout.strip()))
    return {}


def main(action, folder, *rest):
    if action == 'run':
        return run(folder, rest[1:])
    if action == 'fetch':
        fetch(folder, *rest)
        return {}
    return {'refresh': refresh, 'restore': restore, 'forget': forget, 'restart': restart}[action](folder, *rest)


if __name__ == '__main__':
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except Unreadable as problem:
        sys.exit('secrets: %s\n%s' % ('the service cannot be restarted' if sys.argv[1] == 'restart' else 'the host cannot read', problem))
