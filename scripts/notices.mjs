// The licences of the packages whose code is bundled into what runs inside the engine: nothing else of them is shipped.
import { readFile, readdir, writeFile } from 'node:fs/promises';

/** @type {Set<string>} */
const folders = new Set();

/**
 * Notes the packages that a bundle was made of; a plugin for esbuild.
 * @type {import('esbuild').Plugin}
 */
export const noteLicences = {
  name: 'note-licences',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile }) => {
      for (const input of Object.keys(metafile?.inputs ?? {})) {
        const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
        if (folder !== undefined) folders.add(folder);
      }
    });
  },
};

/** Writes the licences of all that was noted. Throws where a package brings none. */
export async function writeNotices(outfile) {
  const texts = [];
  for (const folder of [...folders].toSorted()) {
    const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined)
      throw new Error(`package ${name}: expected a licence file in ${folder}, found none`);
    texts.push(`${name} ${version}\n\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`);
  }
  const rule = `\n${'-'.repeat(80)}\n\n`;
  await writeFile(outfile, `Code of these packages is part of dist/runtime.\n${rule}${texts.join(rule)}`);
}
