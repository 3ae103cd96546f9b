/** Audio worklet: passes on what the microphone hears, in pieces, at 16 kHz (means of the samples in between). */
const RATE = 16000;

class Recorder extends AudioWorkletProcessor {
  piece = [];
  sum = 0;
  count = 0;
  position = 0;

  process([[channel]]) {
    for (const value of channel ?? []) {
      this.sum += value;
      this.count++;
      this.position += RATE / sampleRate;
      if (this.position < 1) continue;
      this.position -= 1;
      this.piece.push(this.sum / this.count);
      this.sum = 0;
      this.count = 0;
    }
    if (this.piece.length >= 800) {
      this.port.postMessage(Float32Array.from(this.piece));
      this.piece = [];
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
