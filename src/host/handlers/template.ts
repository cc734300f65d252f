// `template.*`: the runtime's template service, by the names of the wire.
import type { Handlers } from '../../rpc/server.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `template.${string}`>;

export const templateHandlers = ({
  runtime: { templates, documents, suggestions },
}: HandlerContext): Pick<Handlers, Group> => ({
  'template.create': (params) => templates.create(params),
  'template.list': (params) => templates.list(params),
  'template.get': ({ template }) => templates.get(template),
  'template.update': ({ template, ...change }) => templates.update(template, change),
  'template.delete': async ({ template }) => {
    await templates.delete(template);
    return {};
  },
  'template.addStartup': ({ template, ...file }) => templates.addStartup(template, file),
  'template.removeStartup': ({ template, path }) => templates.removeStartup(template, path),
  'template.addCapability': ({ template, ...capability }) => templates.addCapability(template, capability),
  'template.removeCapability': ({ template, ...capability }) =>
    templates.removeCapability(template, capability),
  'template.addLibrary': ({ template, library }) => templates.addLibrary(template, library),
  'template.removeLibrary': ({ template, library }) => templates.removeLibrary(template, library),
  'template.apply': ({ dryRun, ...document }) => documents.apply(document, { dryRun }),
  'template.export': ({ template, integrity }) => documents.export(template, { integrity }),
  'template.suggest': ({ session, execution }) =>
    // One of the two is there: the schema says so.
    suggestions.suggest(session === undefined ? { execution: execution ?? '' } : { session }),
  'template.modules': () => ({ items: templates.modules() }),
});
