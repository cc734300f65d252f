// What a person is told to paste into a shell: each word of it means itself there, whatever a script has put into it.
import type { CapabilityInput } from './template.js';

/** The command that grants it to new sessions of the template. */
export function grantCommand(template: string, { kind, name, config = {} }: CapabilityInput): string {
  const flag = Object.keys(config).length === 0 ? '' : ` --config ${shellWord(JSON.stringify(config))}`;
  return `vmsys template add-capability ${shellWord(template)} ${kind} ${shellWord(name)}${flag}`;
}

/** The command that takes a capability away: what it granted is denied to new sessions, what it denied is not. */
export const removalCommand = (template: string, { kind, name }: CapabilityInput): string =>
  `vmsys template remove-capability ${shellWord(template)} ${kind} ${shellWord(name)}`;

/** The text as one word of a shell, which must not put its own home in place of `~` either. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
