import { killSamples } from '../soak/kill-samples.ts'
import { node } from '../support/homes/node.ts'

killSamples(node, [5, 2])
