// Package messages holds what the actors say to each other and to the people
// who listen: the vocabulary (State, Outcome, Status), the Call, Result and
// Tick of each kind of actor with their answers, and the events.
//
// It is data only: no functions, no channels, nothing but the standard library.
package messages
