import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AssertionError } from '../base/assert.ts';
import { OffshoreError } from '../base/errors.ts';
import { errorFields, openLog, type LogRecord } from './log.ts';

test('a line has time, level, node, event and the fields; lower levels are left out', () => {
  const lines: LogRecord[] = [];
  const log = openLog({ node: 'n1', level: 'info' }, { sink: (record) => lines.push(record), clock: { wallMs: () => 0 } });

  log.debug('role.stopped', { role: 'tracker' });
  log.info('role.ready', { role: 'tracker', ms: 5 });

  assert.equal(lines, [{ time: '1970-01-01T00:00:00.000Z', level: 'info', node: 'n1', event: 'role.ready', role: 'tracker', ms: 5 }]);
});

test('an error of the table shows its code and details, a bug its stack', () => {
  const known = errorFields(new OffshoreError('disk-full', { disk: '/d' }, { cause: new Error('ENOSPC') }));
  const bug = errorFields(new AssertionError('broken'));

  assert.equal(known, { error: 'No space left on device {"disk":"/d"} (ENOSPC)', code: 'disk-full' });
  assert.is(bug.code, 'assertion');
  assert.match(bug.stack ?? '', 'AssertionError: broken');
});

test.run();
