import { testNotebook } from '../core/store-conformance.ts'
import { localNotebook } from './local-notebook.ts'

testNotebook('localstorage', localNotebook)
