// Package badinput calls every exported function of packages api and checks with
// bad arguments (table_test.go and the files it names), and from every callback
// and at every time (places_test.go). A call must work or return a typed error.
// It must not panic or block for ever. The package holds tests only.
package badinput
