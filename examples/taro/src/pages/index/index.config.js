export default { navigationBarTitleText: '兔窝小店' }
