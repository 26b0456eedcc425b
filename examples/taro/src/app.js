import { useLaunch } from '@tarojs/taro'
import { tracker } from './tracking'
import './app.css'

export default function App({ children }) {
  useLaunch(({ path }) => tracker.track('c_launch', { path }))
  return children
}
