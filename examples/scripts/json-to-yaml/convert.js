// Converts JSON files to YAML beside them, with the library `yaml` of npm. In this folder:
//   vmsys lib add yaml
//   vmsys template apply template.yaml
//   vmsys session create --template json-to-yaml --name convert
//   vmsys exec run-file convert convert.js service.json
// Its template grants reading and writing files of this folder, and has the library.

const fs = require('fs');
const YAML = require('yaml');

for (const file of vmsys.args) {
  const target = file.replace(/\.json$/, '.yaml');
  if (target === file) throw new Error(`${file}: expected a name that ends in .json`);
  const text = YAML.stringify(JSON.parse(fs.readFileSync(file, 'utf8')));
  fs.writeFileSync(target, text);
  console.log(`${file} -> ${target}, ${text.split('\n').length - 1} lines`);
}
