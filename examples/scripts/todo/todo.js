// Keeps a to-do list in the session itself: it is there at the next call, and after a restart of the daemon. Each change
// is also written to todo.json, for other programs and as a backup. In this folder:
//   vmsys template apply template.yaml
//   vmsys session create --template todo --name todo
//   vmsys exec run-file todo todo.js add Water the plants
//   vmsys exec run-file todo todo.js add Bake bread
//   vmsys exec run-file todo todo.js done 1
//   vmsys session hibernate todo
//   vmsys exec run-file todo todo.js clear
//   vmsys exec run-file todo todo.js
// Its template grants reading and writing files of this folder.

const fs = require('fs');

// A new session begins with the backup, one that knows the list goes on with it.
globalThis.todos ??= fs.existsSync('todo.json') ? JSON.parse(fs.readFileSync('todo.json', 'utf8')) : [];

const commands = {
  add: (...words) => todos.push({ text: words.join(' '), done: false }),
  done: (number) => {
    const todo = todos[number - 1];
    if (todo === undefined)
      throw new RangeError(`there is no number ${number}; expected 1 to ${todos.length}`);
    todo.done = true;
  },
  clear: () => (todos = todos.filter(({ done }) => !done)),
};

function change([name, ...rest]) {
  if (name === undefined) return;
  if (!Object.hasOwn(commands, name)) throw new TypeError(`expected add, done or clear, got ${name}`);
  commands[name](...rest);
  // A backup that is half-written is none.
  fs.writeFileSync('todo.json.new', `${JSON.stringify(todos, null, 2)}\n`);
  fs.renameSync('todo.json.new', 'todo.json');
}

change(vmsys.args);
for (const [index, { text, done }] of todos.entries())
  console.log(`${index + 1} [${done ? 'x' : ' '}] ${text}`);
