import { killSamples } from '../soak/kill-samples.ts'
import { workerd } from '../support/homes/workerd.ts'

// Each life is one of workerd, ended by SIGKILL and started anew on the storage that it has left.
killSamples(workerd, [3, 2])
