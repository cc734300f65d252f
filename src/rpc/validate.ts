// The params of a request become what the schema of its method says, or an error that names every fault by its path.
import * as z from 'zod';
import { RpcError, type Issue } from './errors.js';
import { didYouMean } from './suggest.js';

/** A message can hold a million faults; the reply names the first of them. */
const maxIssues = 100;

/** Params by name, parsed by `schema`; throws `VALIDATION_ERROR`. No params at all are an empty object. */
export function parseParams<Schema extends z.ZodType>(
  method: string,
  schema: Schema,
  params: unknown,
): z.output<Schema> {
  if (Array.isArray(params))
    throw fault(method, [{ path: '', message: 'expected params by name, got an array' }]);
  const parsed = safeParse(method, schema, params ?? {});
  if (parsed.success) return parsed.data;
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  throw fault(
    method,
    parsed.error.issues.flatMap((issue) => toIssues(issue, names)),
  );
}

/** Schemas that recurse, `z.json()`, overflow the stack for what a small message can nest. */
function safeParse<Schema extends z.ZodType>(method: string, schema: Schema, params: unknown) {
  try {
    return schema.safeParse(params);
  } catch (error) {
    if (error instanceof RangeError)
      throw fault(method, [{ path: '', message: 'the params are nested too deeply' }]);
    throw error;
  }
}

function fault(method: string, issues: Issue[]): RpcError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = first === undefined ? 'the params do not fit' : `${format(first)}${more}`;
  return new RpcError('VALIDATION_ERROR', `${method}: ${message}`, {
    details: { issues: issues.slice(0, maxIssues) },
  });
}

const format = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`);

/** `limits.cpuMs`, `startup.0`; the empty path is the params themselves. */
const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.');

function toIssues(issue: z.core.$ZodIssue, names: readonly string[]): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: dotted([...issue.path, key]),
      message: `unknown param${issue.path.length === 0 ? didYouMean(key, names) : ''}`,
    }));
  }
  return [{ path: dotted(issue.path), message: describe(issue) }];
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return `fits none of: ${issue.errors.map(describeBranch).join(' | ')}`;
  }
  return issue.message
    .replace(/^Invalid (input|option): /, '')
    .replace(/^expected (.*), received undefined$/, 'missing, expected $1')
    .replace(', received ', ', got ');
}

function describeBranch(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map((issue) => format({ path: dotted(issue.path), message: describe(issue) })).join(', ');
}
