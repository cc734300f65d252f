// What a shell can offer to the script that makes bash, zsh or fish offer it. No script calls vmsys: pressing Tab
// asks no daemon. The ids of libraries are read from the cache’s manifest.
import type { Offer } from './words.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script for `shell`, to be sourced from its start-up file. */
export function completionScript(shell: Shell, offers: readonly Offer[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(offers);
    case 'zsh':
      return zshScript(offers);
    case 'fish':
      return fishScript(offers);
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Prints the ids in the manifest: what stands behind `"id":` there. No other signs than these: bash would expand them. */
const listLibraries = (folder: string): string =>
  String.raw`grep -o '"id": *"[A-Za-z0-9@/._+-]*"' "${folder}/manifest.json" 2>/dev/null | cut -d '"' -f 4`;

const cacheFolder = '${VMSYS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/vmsys}';

const bashScript = (
  offers: readonly Offer[],
): string => `# bash completion of vmsys: eval "$(vmsys completion bash)"
_vmsys() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word offered=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path\${path:+ }$word" ;; esac
  done
  while :; do
    case "$path" in
${offers.map(({ words, items, libraries }) => `      ${quote(words)}) offered=${bashWords(items, libraries)}; break ;;`).join('\n')}
    esac
    case "$path" in *' '*) path="\${path% *}" ;; *) break ;; esac
  done
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  case "$current" in -*) ;; *) [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current")) ;; esac
}
complete -F _vmsys vmsys
`;

const bashWords = (items: Offer['items'], libraries = false): string =>
  quote(items.map(({ text }) => text).join(' ')) + (libraries ? `" $(${listLibraries(cacheFolder)})"` : '');

const zshScript = (offers: readonly Offer[]): string => `#compdef vmsys
# zsh completion of vmsys: eval "$(vmsys completion zsh)"
_vmsys() {
  local place='' word
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] || place="$place\${place:+ }$word"
  done
  while true; do
    case "$place" in
${offers.map((offer) => `      (${quote(offer.words)}) offered=(${zshItems(offer)}); break ;;`).join('\n')}
    esac
    [[ $place == *' '* ]] && place="\${place% *}" || break
  done
  _describe vmsys offered
  [[ \${words[CURRENT]} == -* ]] || _files
}
compdef _vmsys vmsys
`;

const zshItems = ({ items, libraries }: Offer): string =>
  [
    ...items.map(({ text, summary }) => quote(`${text.replaceAll(':', String.raw`\:`)}:${summary}`)),
    ...(libraries === true ? [`\${(f)"$(${listLibraries(cacheFolder)})"}`] : []),
  ].join(' ');

/** fish keeps one line for each offer, with the condition under which it is made. */
const fishScript = (
  offers: readonly Offer[],
): string => `# fish completion of vmsys: vmsys completion fish | source
function __vmsys_at
  set -l given (commandline -opc | string match -v -- '-*')[2..]
  set -l wanted (string split -n ' ' -- "$argv[1]")
  test "$argv[2]" = exactly; and test (count $given) -ne (count $wanted); and return 1
  test (count $wanted) -eq 0; or test "$given[1..$(count $wanted)]" = "$wanted"
end
function __vmsys_libraries
  set -l folder $HOME/.cache/vmsys
  set -q XDG_CACHE_HOME; and set folder $XDG_CACHE_HOME/vmsys
  set -q VMSYS_CACHE_DIR; and set folder $VMSYS_CACHE_DIR
  ${listLibraries('$folder')}
end
${offers.flatMap(fishLines).join('\n')}
`;

function fishLines({ words, items, libraries }: Offer): string[] {
  const isFlags = items.every(({ text }) => text.startsWith('--'));
  const condition = quote(`__vmsys_at ${quote(words)}${isFlags ? '' : ' exactly'}`);
  const ids = `complete -c vmsys -f -n ${quote(`__vmsys_at ${quote(words)}`)} -a '(__vmsys_libraries)'`;
  const lines = items.map(({ text, summary }) => {
    const described = `-d ${quote(summary)}`;
    return isFlags
      ? `complete -c vmsys -n ${condition} -l ${quote(text.slice(2))} ${described}`
      : `complete -c vmsys -f -n ${condition} -a ${quote(text)} ${described}`;
  });
  return libraries === true ? [...lines, ids] : lines;
}
