package main

import "net/http"

// unprotected is the twin's name in its requests to the services.
const unprotected = "unprotected"

// Twin is the storefront without guards. It uses a plain http.Client, which has no
// timeout, and an error of any service is an error for the visitor.
type Twin struct {
	client   *http.Client
	services Services
}

// Handler serves the same shop as Storefront.Handler.
func (t *Twin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /product/{id}", t.product)
	mux.HandleFunc("POST /checkout/{id}", t.checkout)
	return mux
}

func (t *Twin) product(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	product, err := fetch[Product](r.Context(), t.client, unprotected, "GET", t.services["catalog"].URL()+"/product/"+id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	reviews, err := fetch[Reviews](r.Context(), t.client, unprotected, "GET", t.services["reviews"].URL()+"/reviews/"+id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	writeJSON(w, http.StatusOK, Page{product, reviews})
}

func (t *Twin) checkout(w http.ResponseWriter, r *http.Request) {
	receipt, err := fetch[Receipt](r.Context(), t.client, unprotected, "POST", t.services["payments"].URL()+"/charge/"+r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	writeJSON(w, http.StatusOK, receipt)
}
