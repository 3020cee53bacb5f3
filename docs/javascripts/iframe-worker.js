// Search in pages opened from a folder: browsers refuse workers there, so the search script gets a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.appendChild(frame)
      this.inside = frame.contentWindow
      this.inside.answer = data => {
        const event = new MessageEvent("message", { data })
        this.dispatchEvent(event)
        if (this.onmessage) this.onmessage(event)
      }
      const head = "postMessage = data => answer(data); importScripts = (...urls) => Promise.all(urls.map(url => " +
        "new Promise(done => { const s = document.createElement('script'); s.src = url; s.onload = done; document.head.append(s) })))"
      this.ready = new Promise(done => frame.addEventListener("load", done, { once: true }))
      this.inside.document.open()
      this.inside.document.write(`<html><head></head><body><script>${head}</scr` + `ipt><script src="${url}"></scr` + `ipt></body></html>`)
      this.inside.document.close()
    }
    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })))
    }
    terminate() {}
  }
}
