// Package badinput gives every exported function of packages api and checks
// what nobody should give it (table_test.go and the files it names), and calls
// it from where nobody should call it (places_test.go). The answer is a typed
// error, or it works; it never panics and never waits for ever. It holds tests
// only.
package badinput
