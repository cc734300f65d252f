// Compares two JSON files, however deep, and prints what was added, removed and changed, with the library `lodash` of
// npm. In this folder:
//   vmsys lib add lodash
//   vmsys template apply template.yaml
//   vmsys session create --template diff-json --name diff
//   vmsys exec run-file diff diff.js before.json after.json
// Its template grants reading files of this folder, and has the library, whose global is `_`.

const fs = require('fs');

/** Every leaf of a value under its path: `{ "a.b[0]": 1 }`. */
function leavesOf(value, path = '') {
  if (!_.isObject(value) || _.isEmpty(value)) return { [path]: value };
  return _.assign(
    {},
    ..._.map(value, (child, key) =>
      leavesOf(child, _.isArray(value) ? `${path}[${key}]` : _.compact([path, key]).join('.')),
    ),
  );
}

const [before, after] = vmsys.args.map((file) => leavesOf(JSON.parse(fs.readFileSync(file, 'utf8'))));
for (const path of _.union(_.keys(before), _.keys(after)).toSorted()) {
  if (_.isEqual(before[path], after[path])) continue;
  if (_.has(before, [path])) console.log(`- ${path}: ${JSON.stringify(before[path])}`);
  if (_.has(after, [path])) console.log(`+ ${path}: ${JSON.stringify(after[path])}`);
}
