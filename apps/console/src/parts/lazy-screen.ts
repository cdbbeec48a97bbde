/** Screens whose code is loaded when they are first opened. @module */
import { lazyRouteComponent } from '@tanstack/react-router'
import { ApiFault } from '../api/client.ts'
import { words } from '../words/words.ts'

/** Said when somebody answers and yet the code does not come: it is of another version of the console, or failed before. */
export const CODE_MISSING = 'CODE_MISSING'
/** Set when the page was loaded anew for this; until code comes again, that is not done by itself once more. */
const RELOADED = 'countersign.reloaded'

/**
 * Code that does not come is a fault that the screen says, once it is opened: links are looked at before they are followed,
 * and a page in which somebody writes is not loaded anew for that.
 */
export function lazyScreen<M extends Record<string, unknown>, K extends keyof M & string>(
  load: () => Promise<M>,
  name: K,
): ReturnType<typeof lazyRouteComponent<M, K>> {
  return lazyRouteComponent(() => load().then(came, missed), name)
}

function came<M>(module: M): M {
  sessionStorage.removeItem(RELOADED)
  return module
}

async function missed(): Promise<never> {
  if (await isAnswered()) throw new ApiFault(CODE_MISSING, words.shell.noCode, 404)
  throw new ApiFault('OFFLINE', words.shell.noAnswer, 0)
}

/** What stands in front of the control plane may answer for it. */
async function isAnswered(): Promise<boolean> {
  try {
    return (await fetch('/console/', { method: 'HEAD', cache: 'no-store' })).ok
  } catch {
    return false
  }
}

/** Loads the page where the reader is, unless that has just been tried. */
export function loadAnew(): void {
  if (sessionStorage.getItem(RELOADED) !== null) return
  sessionStorage.setItem(RELOADED, 'yes')
  location.reload()
}
