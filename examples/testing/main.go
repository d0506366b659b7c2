// Command testing charges three orders through the checkout of this folder, whose
// tests show how to test code that uses understudy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"

	understudy "github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/examples/testing/checkout"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.Shutdown(ctx)) }()
	shop, err := checkout.New(sys, bank{}, func(order string) { fmt.Fprintln(out, order, "waits in the queue") })
	if err != nil {
		return err
	}
	charge := func(order string) {
		switch receipt, err := shop.Charge(ctx, order); {
		case errors.Is(err, checkout.ErrDeclined):
			fmt.Fprintf(out, "%s: declined\n", order)
		case err != nil:
			fmt.Fprintf(out, "%s: %v\n", order, err)
		default:
			fmt.Fprintf(out, "%s: %s\n", order, receipt)
		}
	}
	charge("order 1")
	charge("order 2, with a stolen card")
	breaker, _ := sys.LookupBreaker("payments")
	if err := breaker.ForceOpen(); err != nil { // as an operator does while the bank is down
		return err
	}
	charge("order 3")
	return nil
}

// bank is a payment service that works.
type bank struct{}

func (bank) Charge(_ context.Context, order string) (string, error) {
	if order != "order 1" && order != "order 3" {
		return "", checkout.ErrDeclined
	}
	return "receipt of " + order, nil
}
