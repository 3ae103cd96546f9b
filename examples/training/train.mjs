/** Stochastic gradient descent with momentum and a cosine schedule on the cross-entropy of softmax. */
import { random } from './random.mjs';

const BATCH = 32;
const MOMENTUM = 0.9;
const WEIGHT_DECAY = 1e-4;

export function argMax(values) {
  return values.indexOf(Math.max(...values));
}

/** @param network layers in order; the output holds logits, valid until the next call */
export function predict(network, input) {
  return network.reduce((x, layer) => layer.forward(x), Float32Array.from(input));
}

/** Adds the gradient of the cross-entropy of one sample; returns the loss. */
function learn(network, input, label) {
  const logits = predict(network, input);
  const largest = Math.max(...logits);
  const exponentials = logits.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  const gradient = exponentials.map((value, i) => value / sum - (i === label ? 1 : 0));
  network.reduceRight((dy, layer) => layer.backward(dy), gradient);
  return -Math.log(exponentials[label] / sum);
}

function step(parameters, rate) {
  for (const { values, gradient, velocity } of parameters) {
    for (let i = 0; i < values.length; i++) {
      velocity[i] = MOMENTUM * velocity[i] - rate * (gradient[i] / BATCH + WEIGHT_DECAY * values[i]);
      values[i] += velocity[i];
    }
    gradient.fill(0);
  }
}

function shuffle(order) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
}

/** @param set { count, sample(i) → { input, label } }, asked anew in every epoch so that it may vary its samples */
export function train(network, set, epochs, learningRate = 0.02) {
  const parameters = network.flatMap(({ weights, bias }) => (weights ? [weights, bias] : []));
  const order = Int32Array.from({ length: set.count }, (_, i) => i);
  const steps = Math.floor(order.length / BATCH) * epochs;
  let done = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order);
    let loss = 0;
    for (let first = 0; first + BATCH <= order.length; first += BATCH) {
      for (let k = first; k < first + BATCH; k++) {
        const { input, label } = set.sample(order[k]);
        loss += learn(network, input, label);
      }
      step(parameters, learningRate * 0.5 * (1 + Math.cos((Math.PI * done++) / steps)));
    }
    console.log(`epoch ${epoch + 1}: mean loss ${(loss / order.length).toFixed(4)}`);
  }
}

/** Number of samples whose largest logit is not their label's. */
export function errors(network, set) {
  let wrong = 0;
  for (let i = 0; i < set.count; i++) {
    const { input, label } = set.sample(i);
    wrong += Number(argMax(predict(network, input)) !== label);
  }
  return wrong;
}
