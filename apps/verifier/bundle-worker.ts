/** A thread of `countersign verify` that reads bundles. `verify.mjs` is one file, and its threads run itself. @module */
import { serveBundles } from './threads.ts'

serveBundles()
