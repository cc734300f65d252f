// What of a program's arguments says what it does.

/** Whether a first argument is a plain word such as `log`: what programs of many parts call a command. */
export const isCommand = (word: string): boolean => /^[a-z][a-z0-9-]*$/.test(word);
