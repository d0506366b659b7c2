// Package messages holds what the actors say to each other and to the people
// who listen: the vocabulary (State, Outcome, Status), the Call, Result and
// Tick of each kind of actor with their answers, and the events; and what the
// runtime and the actors know of each other (Actor, Address, Kind).
//
// Its types are data only: no field is a function or a channel, and nothing but
// the standard library is imported.
package messages
