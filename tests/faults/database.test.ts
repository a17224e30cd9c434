import { cases } from '../../scripts/faults/list.ts'
import { testCases } from '../support/fault-cases.ts'
import { aroundTheDatabase } from './groups.ts'

await testCases(cases.filter(({ name }) => !aroundTheDatabase.has(name)))
