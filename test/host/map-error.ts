import t from 'tap';
import { mapError } from '#src/host/map-error.js';
import { unavailable } from '#src/libcache/errors.js';
import { RuntimeError } from '#src/runtime/errors.js';

t.test('a refusal of the runtime keeps its name, message and details', async (t) => {
  const error = new RuntimeError('STARTUP_FAILED', 'a.js threw', { details: { sessionId: 'ses_1' } });
  t.match(mapError(error), {
    code: 'STARTUP_FAILED',
    message: 'a.js threw',
    details: { sessionId: 'ses_1' },
  });
  t.equal(mapError(new RuntimeError('SESSION_BUSY', 'x'))?.details, undefined);
});

t.test('so does one of the library cache', async (t) => {
  t.match(mapError(unavailable('offline', 'no registry answers')), {
    code: 'LIBRARY_UNAVAILABLE',
    message: 'no registry answers',
    details: { reason: 'offline' },
  });
});

t.test('anything else is a fault of ours', async (t) => {
  t.equal(mapError(new Error('disk full')), undefined);
  t.equal(mapError('text'), undefined);
});
