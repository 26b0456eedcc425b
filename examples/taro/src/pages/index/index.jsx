import { useState } from 'react'
import { useDidHide, useDidShow } from '@tarojs/taro'
import { Button, View } from '@tarojs/components'
import { tracker } from '../../tracking'

const REFRESH_MS = 1000
const now = () => {
  const { tracked, waiting, sent } = tracker.health()
  return `已记录 ${tracked} · 等应答 ${waiting} · 已收下 ${sent}`
}

let timer

export default function Index() {
  const [text, setText] = useState(now)
  const refresh = () => setText(now())

  useDidShow(() => {
    timer = setInterval(refresh, REFRESH_MS)
  })
  useDidHide(() => clearInterval(timer))

  const buy = () => {
    tracker.track('c_buy', { c_goods: '创维洗衣机', c_price: 1420, title: '下单' })
    refresh()
  }

  return (
    <View className="card">
      <View className="title">创维洗衣机 ¥1420</View>
      <View className="muted">{text}</View>
      <Button className="button" onClick={buy}>
        购买
      </Button>
    </View>
  )
}
