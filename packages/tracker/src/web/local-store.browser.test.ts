import { testStore } from '../core/store-conformance.ts'
import { localStore } from './local-store.ts'

testStore('localstorage', localStore)
