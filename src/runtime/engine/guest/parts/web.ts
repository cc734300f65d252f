// The part `web`: structuredClone, base64, DOMException, events and abort signals.
import { AbortController, AbortSignal } from './web/abort.js';
import { CustomEvent, Event, EventTarget } from './web/events.js';

export { atob, btoa } from './web/base64.js';
export { DOMException } from './web/dom-exception.js';
export { structuredClone } from './web/structured-clone.js';
export { AbortController, AbortSignal, CustomEvent, Event, EventTarget };

tools.showAs(AbortSignal.prototype, (signal, inspect) => {
  const { aborted } = signal as AbortSignal;
  return `AbortSignal ${inspect({ aborted })}`;
});
tools.showAs(AbortController.prototype, (controller, inspect) => {
  const { signal } = controller as AbortController;
  return `AbortController ${inspect({ signal })}`;
});
tools.showAs(Event.prototype, (event, inspect) => {
  const { type, defaultPrevented, cancelable } = event as Event;
  return `${event.constructor.name} ${inspect({ type, defaultPrevented, cancelable })}`;
});
