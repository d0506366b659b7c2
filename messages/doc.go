// Package messages holds the types that all rooms share: the vocabulary (State,
// Outcome, Status), the messages of each kind of actor and their answers, the
// errors, the events, and what the runtime and the actors know about each other
// (Actor, Address, Kind).
//
// Its types are data only: no field is a function or a channel. It imports only
// the standard library.
package messages
